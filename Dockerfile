# Three images from one file: docker build --target api | ui | worker
FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 STUDIO_HOME=/home/studio GRADIO_TEMP_DIR=/tmp/gradio
# New volumes take over the owner of the directory they are mounted on.
RUN useradd --uid 10001 --create-home studio && install --directory --owner studio /artifacts /cache
WORKDIR /studio
COPY pyproject.toml constraints.txt README.md ./
COPY hiast hiast
COPY backend backend
COPY worker worker
COPY frontend_gradio frontend_gradio

FROM base AS api
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt -e ".[backend,s3]"
USER studio

FROM base AS ui
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt -e ".[frontend]"
USER studio

# torch comes from PyPI, whose Linux build is the one for CUDA.
FROM base AS worker
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt -e ".[worker,segformer,s3]"
USER studio
