"""The training runs of Hoffmann et al. 2022 (arXiv 2203.15556), as read off their figure 4.

Besiroglu et al. 2024 (arXiv 2404.10102) took 245 points out of the figure's SVG and published them. The points
are not part of the course: they come from COURSE_DATA_DIR or, when asked for, from their repository.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from course_utils.data.gsm8k import DATA_VARIABLE
from course_utils.errors import CourseError

FILE = "svg_extracted_data.csv"
URL = (
    "https://raw.githubusercontent.com/epoch-research/analyzing-chinchilla/"
    f"92258837425e1b5f2851d624287f0120583a3d0e/data/{FILE}"
)
# Their fit to these points: Besiroglu et al. 2024, table 1.
REFIT = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
SHA256 = "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30"


def load(download: bool = False) -> dict[str, np.ndarray] | None:
    """All 245 points in the file's order: `n` parameters, `d` tokens (FLOPs / 6n), `loss` in nats a token.

    They come from COURSE_DATA_DIR/chinchilla/svg_extracted_data.csv. If they are not there: with download, from
    the authors' repository; without, None. Raises CourseError if the file is not the published one or the
    repository cannot be reached.
    """
    root = os.environ.get(DATA_VARIABLE)
    path = Path(root).expanduser() / "chinchilla" / FILE if root else None
    if path and path.is_file():
        content, where = path.read_bytes(), str(path)
    elif download:
        content, where = _fetch(), URL
    else:
        return None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise CourseError(f"{where} is not the published file (its sha256 differs); get it again from {URL}")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    n, flops, loss = (
        np.array([float(row[name]) for row in rows]) for name in ("Model Size", "Training FLOP", "loss")
    )
    return {"n": n, "d": flops / (6 * n), "loss": loss}


def _fetch() -> bytes:
    try:
        with urlopen(URL, timeout=30) as reply:
            return reply.read()
    except OSError as error:
        raise CourseError(
            f"{URL} cannot be reached ({error}); put {FILE} into the folder chinchilla of {DATA_VARIABLE} instead"
        ) from error
