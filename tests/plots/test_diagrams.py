import pytest

from ae_helpers import plots
from tests.plots.cases import X_HAT, X, Z


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_architecture({"image": 64, "code": 2}), "three layers or more"),
        (lambda: plots.plot_architecture({"image": 64, "code": 0, "reconstruction": 64}), "positive size"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, kernels=["W"]), "2 connections, but 1"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, ties=[(0, 2)]), "two connections, 0 to 1"),
        (lambda: plots.plot_codes(X, Z[:4], X_HAT), r"\(4, 2\)"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
