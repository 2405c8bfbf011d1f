# celebtool on the CPU: `docker build -t celebtool .`, then
# `docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" celebtool crop-faces photos faces`.
FROM python:3.11-slim AS build
COPY pyproject.toml README.md LICENSE requirements.lock /src/
COPY celebtool /src/celebtool
WORKDIR /src
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# What users need is installed in the versions of the lock file; what only tests need is not.
RUN python -m venv /opt/celebtool \
    && grep -v -- --hash requirements.lock | sed 's/ \\$//' >constraints.txt \
    && /opt/celebtool/bin/pip install --no-cache-dir --no-compile --constraint constraints.txt . \
    && find /opt/celebtool -depth \( -name tests -o -name test -o -path '*/tensorflow/include' \) -exec rm -rf {} + \
    && /opt/celebtool/bin/pip uninstall --yes pip
# The networks are converted for LiteRT once, here, and not in every container.
RUN CELEBTOOL_CACHE=/opt/networks /opt/celebtool/bin/python -P -c "from celebtool.inference import conversion, embeddings; \
from celebtool.inference.detection import networks; \
conversion.prepare([*networks.graphs(), embeddings.graph(0.4), embeddings.layout(0.4)])" \
    && chmod -R a+rX /opt/networks

FROM python:3.11-slim
COPY --from=build /opt/celebtool /opt/celebtool
COPY --from=build /opt/networks /opt/networks
ENV PATH=/opt/celebtool/bin:$PATH HOME=/tmp CELEBTOOL_CACHE=/opt/networks
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["celebtool"]
CMD ["--help"]
