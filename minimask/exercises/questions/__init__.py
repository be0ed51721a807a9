"""The questions of predictions that the chapters ask for, a file for each chapter."""
