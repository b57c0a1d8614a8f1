"""A board whose memory ends in the middle of something, on the MicroPython VM."""

from pathlib import Path

from tests.firmware.vm import run_vm

PROGRAM = Path(__file__).parents[1] / "portable/out_of_memory.py"


def test_fault_43_a_journal_is_consistent_after_appends_that_found_no_memory(tmp_path: Path) -> None:
    failed, accepted, head, is_last_there, is_gapless = run_vm(str(PROGRAM), board=tmp_path).split()

    assert int(failed) > 10
    assert int(accepted) > 10
    assert head == accepted
    assert (is_last_there, is_gapless) == ("True", "True")
