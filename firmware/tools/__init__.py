"""Programs for the bench, on a computer: they put MicroPython and our files on boards. None of them runs on one."""
