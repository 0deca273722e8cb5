# A small image of the server with the bundled model: OpenVINO computes, and torch is left out.
#
#   docker build -t depparse .
#   docker run --rm -p 127.0.0.1:8001:8001 depparse
#   docker run --rm -p 127.0.0.1:8001:8001 -v ./runs:/runs:ro depparse depparse serve --host 0.0.0.0 --model ewt=/runs/ewt
FROM python:3.12-slim

# What parsing and serving import; the other dependencies in pyproject.toml are for training, data frames and data sets.
COPY constraints.txt /tmp/
RUN pip install --no-cache-dir -c /tmp/constraints.txt \
    numba numpy openvino pydantic regex rich safetensors tokenizers typer \
    fastapi prometheus-client python-multipart uvicorn

COPY LICENSE README.md pyproject.toml /tmp/depparse/
COPY LICENSES /tmp/depparse/LICENSES
COPY corpora /tmp/depparse/corpora
COPY configs /tmp/depparse/configs
COPY depparse /tmp/depparse/depparse
RUN pip install --no-cache-dir --no-deps /tmp/depparse && rm -r /tmp/depparse

# Compiles the loops of numba once, so that no container has to. Whoever runs the server can write nothing there.
RUN python -c "import numba, depparse; depparse.load('en')('Anna said that she liked it. ' * 40)"
RUN useradd --no-create-home depparse
USER depparse

EXPOSE 8001
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8001/ready')"]
CMD ["depparse", "serve", "--model", "en", "--host", "0.0.0.0", "--port", "8001"]
