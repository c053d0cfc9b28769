"""What is told: what two looks agree on, and nothing that a snapshot in progress only looks like."""

from pathlib import Path

from nundb_exporter.files.watch import Watch

from .writing import DataDirectory, value, wrong


def test_one_look_is_not_enough(tmp_path: Path) -> None:
    """Nor are two at once; what is doubtful is absent from the metrics."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 60)
    data.write("shop-nun.data.keys", b"torn", 60)
    watch = Watch(tmp_path)
    for now in (0.0, 0.5):
        look = watch.look(now)
        assert wrong(look) == set()
        assert value(look, "data_damaged", "shop", "keys") is None
    look = watch.look(1.5)
    assert wrong(look) == {("keys", "shop")}
    assert value(look, "data_damaged", "shop", "keys") == 1
    assert value(look, "data_damaged", "shop", "values") == 0


def test_a_snapshot_in_progress_is_not_told(tmp_path: Path) -> None:
    """Its files change from look to look; when it is done, nothing is wrong."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 60, city="Porto")
    keys = (tmp_path / "shop-nun.data.keys").read_bytes()
    watch = Watch(tmp_path)
    for moment in range(len(keys) - 1):
        data.write("shop-nun.data.keys", keys[: moment + 1], moment)
        data.write("shop-nun.data.keys.old", b"")
        assert wrong(watch.look(moment * 2.0)) == set()
    data.save("shop", 1, 99, city="Porto")
    (tmp_path / "shop-nun.data.keys.old").unlink()
    assert wrong(watch.look(198.0)) == wrong(watch.look(200.0)) == set()


def test_what_is_repaired_is_not_told_any_more(tmp_path: Path) -> None:
    """And must be seen twice again."""
    data = DataDirectory(tmp_path)
    data.fill([(0, 1, 0)], keys=1)
    watch = Watch(tmp_path)
    watch.look(0.0)
    look = watch.look(2.0)
    assert value(look, "restart_safe") == 0
    data.save("shop", 1, 60)
    assert value(watch.look(4.0), "restart_safe") == 1
    (tmp_path / "shop-nun.madadata").unlink()
    assert value(watch.look(6.0), "restart_safe") is None


def test_a_busy_log_does_not_hide_that_a_restart_is_unsafe(tmp_path: Path) -> None:
    """The log changes all the time; what it is compared with does not."""
    data = DataDirectory(tmp_path)
    watch = Watch(tmp_path)
    for moment in range(3):
        data.fill([(0, 1, 0)] * (moment + 1), keys=1)
        look = watch.look(moment * 2.0)
    assert value(look, "restart_safe") == 0
