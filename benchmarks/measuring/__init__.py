"""What several of the benchmarks measure with; the scripts beside this folder are to be run."""
