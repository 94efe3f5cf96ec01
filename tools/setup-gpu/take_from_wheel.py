"""Takes files out of a wheel: take_from_wheel.py WHEEL FOLDER NAME..."""

import shutil
import sys
import zipfile
from pathlib import Path

# Where onnxruntime-gpu keeps its libraries.
PLACE = "onnxruntime/capi/"


def main(wheel: str, folder: str, *names: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            with archive.open(PLACE + name) as source, Path(folder, name).open("xb") as target:
                shutil.copyfileobj(source, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
