"""The mutation run: small changes of the solutions, which the checks of the exercises have to reject.

Every solution is changed in one small place, by every operator in `operators`, and its exercise's check has to reject
what comes of it. From the folder of the repository, in about a quarter of an hour on one core:

    python -m benchmarks.mutation

Libraries for mutation testing run a command of the shell for each change of a file, and know nothing of axes, of
rounding or of clamps. Here a check takes some milliseconds for most mutants, and the operators are those of NumPy.
"""
