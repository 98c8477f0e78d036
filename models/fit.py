"""Fitting of linear models: one-vs-rest logistic regression with a penalty, and the statistics that judge it.

Sums are done in one thread and weights rounded before they are written, so that the same data give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from pipelines.text.linear import Buckets, Floats, Vectors

Array = npt.NDArray[np.float64]


def rarities(texts: Sequence[Buckets], size: int) -> Floats:
    """Return the inverse document frequency of each bucket, smoothed as if every bucket had been seen once more."""
    seen = np.zeros(size)
    for buckets in texts:
        seen[buckets] += 1
    return np.asarray(np.log((1 + len(texts)) / (1 + seen)) + 1, dtype=np.float16).astype(np.float32)


def matrix(texts: Sequence[Buckets], rarity: Floats) -> csr_matrix:
    """Return the texts as rows of length one."""
    lengths = np.array([len(buckets) for buckets in texts])
    columns = np.concatenate([*texts, np.zeros(0, dtype=np.int64)])
    values = rarity[columns].astype(np.float64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    norms = np.sqrt(np.add.reduceat(np.append(values**2, 0.0), np.minimum(starts[:-1], len(values))))
    return csr_matrix((values / np.repeat(norms, lengths), columns, starts), shape=(len(texts), len(rarity)))


def fit(
    rows: csr_matrix,
    dense: Array,
    wanted: Array,
    strength: float,
    weights: Array | None = None,
    doubts: Array | float = 0.0,
) -> tuple[Array, Array, float]:
    """Return (weights, weights of the dense features, bias) of one logistic regression; `strength` is 1/penalty.

    `wanted` holds 0 and 1, `weights` how much each row counts, `doubts` the share of each that counts as the other.
    """
    count = rows.shape[1]
    signs = 2 * wanted - 1
    each = np.ones(len(wanted)) if weights is None else weights
    turned = rows.T.tocsr()

    def loss(held: Array) -> tuple[float, Array]:
        margin = rows @ held[:count] + dense @ held[count:-1] + held[-1]
        product = signs * margin
        # The loss of a row as its opposite is larger by its product, so a row in doubt need not be gone over twice.
        losses = each * (np.logaddexp(0, -product) + doubts * product)
        value = 0.5 * float(np.square(held[:-1]).sum()) + strength * float(losses.sum())
        pull = -strength * each * signs / (1 + np.exp(np.clip(product, -30, 30))) + strength * each * signs * doubts
        return value, np.concatenate([held[:-1], [0.0]]) + np.concatenate([turned @ pull, dense.T @ pull, [pull.sum()]])

    found = minimize(
        loss, np.zeros(count + dense.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 1e-8}
    )
    return found.x[:count], found.x[count:-1], float(found.x[-1])


def balanced(wanted: Array) -> Array:
    """Return weights that let the two classes count the same."""
    positive = max(1.0, float(wanted.sum()))
    negative = max(1.0, len(wanted) - positive)
    return np.where(wanted > 0, len(wanted) / (2 * positive), len(wanted) / (2 * negative))


def wilson(found: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    z = 1.959964
    share = found / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def shown(found: int, of: int) -> str:
    """Return `k of n = .xx [.xx, .xx]`."""
    low, high = wilson(found, of)
    return f"{found} of {of} = {found / of if of else 0:.3f} [{low:.3f}, {high:.3f}]"


def write(
    folder: Path,
    name: str,
    weights: Array,
    dense: Array,
    bias: Array,
    rarity: Floats,
    card: dict[str, Any],
    valences: Mapping[int, float] | None = None,
    vectors: Vectors | None = None,
) -> None:
    """Write `<name>.npz` and its card. Weights too small to matter become zero, the rest three significant digits."""
    small = np.where(np.abs(weights) < 1e-3, 0, weights)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    with np.errstate(over="ignore"):
        arrays: dict[str, npt.NDArray[Any]] = {
            "weights": _rounded(small).astype(np.float16),
            "dense": _rounded(dense).astype(np.float32),
            "bias": _rounded(bias).astype(np.float32),
            "rarity": rarity.astype(np.float16),
        }
    if valences is not None:
        arrays["words"] = np.array(sorted(valences), dtype=np.uint32)
        arrays["valences"] = np.array([valences[word] for word in sorted(valences)], dtype=np.float16)
    if vectors is not None:
        hashes = sorted(vectors.rows)
        arrays["words"] = np.array(hashes, dtype=np.uint32)
        arrays["vectors"] = vectors.values[[vectors.rows[hashed] for hashed in hashes]].astype(np.float16)
    archive(path, arrays)
    full = {"name": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size, **card}
    (folder / f"{name}.json").write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def archive(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Write an .npz whose bytes depend on the arrays alone.

    numpy's own writer leaves compression to zlib and flags to zipfile, and both differ between versions of Python.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for name, values in arrays.items():
            held = io.BytesIO()
            np.save(held, values, allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0)), held.getvalue())


def _rounded(values: Array) -> Array:
    scale = np.power(10.0, 2 - np.floor(np.log10(np.where(values == 0, 1, np.abs(values)))))
    return np.asarray(np.round(values * scale) / scale)
