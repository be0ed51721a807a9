# For those used to make; everything is in start.py. Arguments: make test ARGS="-k boxes"
.PHONY: lab test lint notebooks figures bench browser parity matrix site slides
lab test lint notebooks figures bench browser parity matrix site slides:
	python3 start.py $@ $(ARGS)
