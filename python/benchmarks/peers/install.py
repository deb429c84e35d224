"""Creates a virtual environment for each measured peer: ``python peers/install.py FOLDER``."""

import subprocess
import sys
import venv
from pathlib import Path


def main(folder: Path) -> None:
    """Create an environment for each requirements file in this folder; existing ones are kept."""
    for requirements in sorted(Path(__file__).parent.glob("*.txt")):
        place = folder / requirements.stem
        venv.create(place, with_pip=True)
        command = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--requirement", requirements]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
