"""Settings of the service and the worker: the only place that reads the environment."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from STUDIO_* variables; `home` alone is enough for the embedded set-up."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", env_ignore_empty=True, extra="ignore")

    home: Path = Path("~/.hiast-studio")
    """Where the embedded set-up keeps everything."""
    database_url: str | None = None
    """SQLAlchemy URL; default: SQLite in `home`."""
    broker_url: str | None = None
    """Celery broker; default: the private Valkey socket in `home`."""
    artifacts_url: str | None = None
    """Artifact store, file:///directory or s3://bucket/prefix; default: a directory in `home`."""
    s3_endpoint: str | None = None
    """Address of an S3-compatible server; default: AWS. Credentials: the usual AWS_* variables."""
    cache: Path | None = None
    """Where files of an S3 store are kept for reading again; default: a directory in `home`."""
    cache_gib: float = Field(default=20.0, gt=0)
    """How much of them is kept, in GiB, besides what running jobs have in use."""
    data_roots: str | None = None
    """Directories, separated by ':', below which data sets may lie; default: any readable one."""
    allowed_hosts: str = "127.0.0.1,localhost,testserver"
    """Host names the API answers to; others are refused (DNS rebinding)."""
    ui_origins: str = ""
    """Origins of pages, separated by ',', that may send changes besides the API's own; for a proxy that
    does not pass the Host header on."""
    admin_password: SecretStr | None = None
    """Makes the account "admin" when the API starts and there is no account; otherwise without effect."""
    lease_seconds: float = Field(default=60.0, gt=0)
    heartbeat_seconds: float = Field(default=15.0, gt=0)
    grace_seconds: float = Field(default=20.0, gt=0)
    """How long a job process may take to stop by itself before it is killed."""
    poll_seconds: float = Field(default=0.5, gt=0)
    """How often a supervisor looks at its job: cancel flag, exit, fence."""
    upkeep_seconds: float = Field(default=5.0, gt=0)
    """How often expired leases are re-queued and lost wake-ups re-sent."""
    job_threads: int | None = Field(default=None, ge=1)
    """Torch threads of a job process; default: the cores of the machine."""
    worker_gpus: int | None = Field(default=None, ge=0)
    """GPUs of this worker; default: those nvidia-smi lists and CUDA_VISIBLE_DEVICES leaves."""
    worker_gpu_memory_gib: float | None = Field(default=None, ge=0)
    """Memory of the smallest of them; default: what nvidia-smi says."""

    @property
    def home_directory(self) -> Path:
        """`home` with ~ expanded, absolute."""
        return self.home.expanduser().resolve()

    @property
    def resolved_database_url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home_directory / 'studio.sqlite'}"

    @property
    def resolved_broker_url(self) -> str:
        """The broker URL in force."""
        return self.broker_url or f"redis+socket://{self.home_directory / 'valkey.sock'}"

    @property
    def resolved_artifacts_url(self) -> str:
        """The artifact store URL in force."""
        return self.artifacts_url or f"file://{self.home_directory / 'artifacts'}"

    @property
    def cache_directory(self) -> Path:
        """The cache in force."""
        return self.cache.expanduser().resolve() if self.cache else self.home_directory / "cache"

    @property
    def allowed_data_roots(self) -> list[Path]:
        """Directories below which data sets may lie; empty: no restriction."""
        return [Path(root).expanduser().resolve() for root in (self.data_roots or "").split(":") if root]

    @property
    def trusted_ui_origins(self) -> frozenset[str]:
        """Origins other than its own whose pages may send changes."""
        return frozenset(origin.strip() for origin in self.ui_origins.split(",") if origin.strip())


@cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
