FROM python:3.11-slim-bookworm
WORKDIR /studio
COPY pyproject.toml constraints.txt README.md ./
COPY hiast hiast
COPY backend backend
COPY worker worker
COPY frontend_gradio frontend_gradio
RUN pip install --no-cache-dir -c constraints.txt -e ".[embedded]"
USER nobody
