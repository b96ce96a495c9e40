"""Where the bundled folders are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
INSTALLED = (PACKAGE / "adapters").is_dir()
ROOT = PACKAGE if INSTALLED else PACKAGE.parent

ADAPTERS = "livesell.adapters" if INSTALLED else "adapters"
"""The package that our adapters are modules of."""

OVERLAYS = "livesell.overlays" if INSTALLED else "overlays"

ADAPTER_FOLDER = ROOT / "adapters"
OVERLAY_FOLDER = ROOT / "overlays"
LANGUAGE_FOLDER = PACKAGE / "languages"
