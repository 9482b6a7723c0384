"""Write constraints.txt: the newest versions that pyproject.toml allows, exact, with the hashes of every platform.

The part above the line ``# development`` is what the product and its build need; the rest is for `make test`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".cache" / "uv"
HEAD = "# Exact versions with hashes, written by `make lock`: pip install --require-hashes -r constraints.txt\n"


def compile_pins(*args: str, requires: list[str]) -> dict[str, str]:
    """Return name -> block of lines for pyproject's dependencies plus `requires`, for every platform."""
    command = [UV / "bin" / "uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11"]
    options = ["--generate-hashes", "--no-annotate", "--no-header", *args, "pyproject.toml", "-"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, check=True, text=True, input="\n".join(requires), stdout=subprocess.PIPE
    )
    blocks = re.split(r"^(?=[A-Za-z0-9])", done.stdout, flags=re.MULTILINE)
    return {block.partition("==")[0]: block for block in blocks if "==" in block}


def main() -> None:
    """Resolve everything once, then take out what the product alone needs."""
    if not (UV / "bin" / "uv").exists():
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--target", str(UV), "uv"]
        subprocess.run(pip, check=True)
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    everything = compile_pins("--extra", "dev", requires=requires)
    pins = "\n".join(block.partition(" ")[0] for block in everything.values())
    (UV / "pins.txt").write_text(pins)
    product = compile_pins("--constraint", str(UV / "pins.txt"), requires=requires)
    tools = [block for name, block in everything.items() if name not in product]
    (ROOT / "constraints.txt").write_text(
        HEAD + "".join(everything[name] for name in product) + "# development\n" + "".join(tools)
    )


if __name__ == "__main__":
    main()
