from __future__ import annotations

import subprocess
import sys


def test_the_api_process_never_loads_torch() -> None:
    code = "import sys, backend.main, frontend_gradio.embedded; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_the_worker_process_itself_never_loads_torch() -> None:
    code = "import sys, worker.celery_app; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
