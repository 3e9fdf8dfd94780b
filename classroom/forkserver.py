"""Imported only by the process from which workers are forked: it imports nbgrader once, and ends with the grader.

Left to itself it would wait for its workers, which nobody watches any more.
"""

from classroom.worker import end_with_parent

end_with_parent()
