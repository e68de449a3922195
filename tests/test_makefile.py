"""What `make` promises before there is an environment."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_set_up_never_wipes_the_environment_that_a_linked_venv_points_to(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").touch()
    (tmp_path / ".venv").symlink_to("other")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    made = subprocess.run(["make", "check", "PYTHON=true"], cwd=tmp_path, capture_output=True, text=True)
    kept = (tmp_path / "other" / "kept").exists()
    assert (made.returncode, ".venv is a link" in made.stderr, kept) == (2, True, True)
