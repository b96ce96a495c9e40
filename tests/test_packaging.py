"""The wheel: adapters and overlays lie inside the package, and a clean machine can play the demo from it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_keeps_its_folders_to_itself(wheel: Path) -> None:
    """Everything lies under livesell/: a top-level `adapters` would collide with other distributions."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"livesell"}
    for wanted in (
        "livesell/adapters/twitch.py",
        "livesell/overlays/buyers/overlay.html",
        "livesell/languages/vi/lexicon.toml",
        "livesell/languages/bn/ui.po",
        "livesell/web/templates/control.html",
        "livesell/web/static/control.js",
        "livesell/demo/show.jsonl",
        "livesell/store/migrations/versions/0001_the_first_tables.py",
    ):
        assert wanted in names
    assert not any("test" in name.split("/")[1] for name in names if name.startswith("livesell/"))


def test_a_clean_machine_plays_the_demo_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Installed by pip on its own, outside the checkout, `livesell demo --once` ends with its summary."""
    venv.create(tmp_path / "clean", with_pip=False, symlinks=os.name != "nt")
    scripts = tmp_path / "clean" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", str(wheel)],
        tmp_path,
    )
    # Its dependencies are those of this environment; itself it is only in the wheel.
    place = run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path).strip()
    Path(place, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    livesell = str(scripts / ("livesell.exe" if os.name == "nt" else "livesell"))
    told = run([livesell, "--help"], tmp_path)
    assert all(command in told for command in ("demo", "run", "check", "parse", "export"))
    assert "comments per second" in run([livesell, "demo", "--once"], tmp_path)
    where = run(
        [str(python), "-c", "from livesell import bundle; print(bundle.ADAPTERS); print(bundle.ROOT)"], tmp_path
    )
    package, root = where.splitlines()
    assert package == "livesell.adapters"
    assert Path(root).samefile(Path(place, "livesell"))


def run(command: list[str], folder: Path) -> str:
    """What a command prints, started in a folder that is not the checkout."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "", "PYTHONIOENCODING": "utf-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
