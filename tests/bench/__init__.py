"""What is proven where, and what it takes: bench.json, measured again by the tests.

python -m tests.bench             measures every row and writes bench.json
python -m tests.bench aot m4      only rows whose id has these words: model, board, engine, kernels
"""
