"""Nearest neighbours as the formula says, slowly."""

import numpy as np


def twin(codes, queries, k, measure="l2", leave_out=None):
    """Every distance by its formula in float64, one pair at a time; the first of equally far ones first."""
    indices, distances = [], []
    for row, query in enumerate(queries.astype(np.float64)):
        pairs = []
        for number, code in enumerate(codes.astype(np.float64)):
            if leave_out is not None and leave_out[row] == number:
                continue
            if measure == "l2":
                far = np.sqrt(sum((a - b) ** 2 for a, b in zip(query, code, strict=True)))
            else:
                far = 1 - query @ code / np.sqrt(query @ query) / np.sqrt(code @ code)
            pairs.append((far, number))
        pairs.sort()
        indices.append([number for _, number in pairs[:k]])
        distances.append([far for far, _ in pairs[:k]])
    return np.array(indices), np.array(distances)
