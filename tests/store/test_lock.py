import multiprocessing
import os
import subprocess
import sys

import pytest

from stresslab.errors import BusyError
from stresslab.store.lock import FolderLock


def test_a_held_lock_names_its_holder_and_is_free_after_release(tmp_path):
    first, second = FolderLock(tmp_path / "f"), FolderLock(tmp_path / "f")
    first.acquire()
    assert second.is_held_elsewhere()
    with pytest.raises(BusyError, match=f"process {os.getpid()} on "):
        second.acquire(wait=0)
    first.release()
    assert not second.is_held_elsewhere()
    second.acquire(wait=0)
    second.release()


def test_a_lock_dies_with_its_process_whatever_number_the_file_names(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from stresslab.store.lock import FolderLock\n"
        "FolderLock(Path(sys.argv[1])).acquire(); os._exit(9)"
    )
    gone = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert gone.returncode == 9
    (tmp_path / "lock").write_text(f'{{"pid": {os.getpid()}, "host": "here"}}')
    lock = FolderLock(tmp_path)
    assert not lock.is_held_elsewhere()
    lock.acquire(wait=0)
    lock.release()


def _wait(queue):
    queue.get(timeout=60)


def test_a_forked_child_does_not_keep_a_released_lock(tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    lock = FolderLock(tmp_path)
    lock.acquire()
    child = context.Process(target=_wait, args=(queue,))
    child.start()
    lock.release()
    assert not FolderLock(tmp_path).is_held_elsewhere()
    queue.put(None)
    child.join()


def test_a_removed_folder_can_be_locked_again(tmp_path):
    lock = FolderLock(tmp_path / "f")
    lock.acquire()
    (tmp_path / "f" / "part").write_text("x")
    lock.remove()
    assert list(tmp_path.iterdir()) == []
    lock.acquire()
    assert os.listdir(tmp_path / "f") == ["lock"]
    lock.release(tidy=True)
    assert os.listdir(tmp_path / "f") == []


def test_many_processes_take_turns(tmp_path):
    code = (
        "import sys; from pathlib import Path; from stresslab.store.workspace import Workspace\n"
        "for n in range(5): Workspace(sys.argv[1]).set_config('models', sys.argv[2] + str(n), {})"
    )
    from stresslab.store.workspace import Workspace

    workspace = Workspace.create(tmp_path / "w")
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(workspace.path), name]) for name in "abc"
    ]
    assert [one.wait(60) for one in writers] == [0, 0, 0]
    assert len(workspace.config.models) == 15
