"""The classroom: assignments that hand themselves out and grade themselves, with nbgrader.

`python -m classroom` lists the commands; `assignments/README.md` is the teacher's guide.
"""
