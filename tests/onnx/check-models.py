"""Checks ONNX files with the reference checker, shape inference included; prints {"checked": n, "faults": {file: message}}.

    /usr/bin/python3 tests/onnx/check-models.py FOLDER
"""

import json
import pathlib
import sys

import onnx

files = sorted(pathlib.Path(sys.argv[1]).glob('*.onnx'))
faults = {}
for file in files:
    try:
        onnx.checker.check_model(onnx.load(file), full_check=True)
    except Exception as error:
        faults[file.name] = str(error)[:400]
print(json.dumps({'checked': len(files), 'faults': faults}))
