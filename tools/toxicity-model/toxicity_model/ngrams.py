"""A character n-gram logistic regression: the baseline to beat, and one of the teachers.

It knows spellings and nothing of word order, so its mistakes differ from the transformer's; the mean of both ranks better
than either on texts that neither has seen.
"""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from .data import Row

FOLDS = 5


def fit(rows: list[Row]) -> Pipeline:
    """Character 2- to 5-grams within words, lower case, sublinear counts, C = 10."""
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32)
    model = make_pipeline(ngrams, LogisticRegression(C=10, max_iter=300))
    return model.fit([row.text for row in rows], [row.label for row in rows])


def score(model: Pipeline, texts: list[str]) -> np.ndarray:
    """The probability of `toxic` [texts]."""
    return model.predict_proba(texts)[:, 1]


def fold_models(rows: list[Row], seed: int) -> tuple[list[Pipeline], np.ndarray]:
    """One model for each of `FOLDS` folds, fitted on the other folds, and each row's fold."""
    folds = np.random.default_rng(seed).integers(0, FOLDS, len(rows))
    return [fit([row for row, own in zip(rows, folds, strict=True) if own != fold]) for fold in range(FOLDS)], folds
