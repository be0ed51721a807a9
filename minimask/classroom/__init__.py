"""The classroom: what a teacher hands out, and how it is graded.

`export` writes student notebooks and a course for nbgrader; `grading` holds a notebook's answers against the exercises'
checks, each in a process of its own that can do little harm (`sandbox` says what it protects, and what not).
"""
