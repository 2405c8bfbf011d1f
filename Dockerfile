# celebtool on the CPU: `docker build -t celebtool .`, then
# `docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" celebtool crop-faces photos faces`.
FROM python:3.11-slim AS build
WORKDIR /src
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY pyproject.toml requirements.lock ./
# What users need is installed in the versions of the lock file, in a layer that a change of celebtool's code leaves as it is;
# what only tests need is not. TensorFlow's own directories called test are part of its interface.
RUN python -m venv /opt/celebtool \
    && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" >needed.txt \
    && grep -v -- --hash requirements.lock | sed 's/ \\$//' >constraints.txt \
    && /opt/celebtool/bin/pip install --no-cache-dir --no-compile --requirement needed.txt --constraint constraints.txt \
    && find /opt/celebtool -depth -type d \( -name tests -o -name test \) -not -path '*/tensorflow/*' -exec rm -rf {} + \
    && rm -rf /opt/celebtool/lib/python*/site-packages/tensorflow/include
COPY README.md LICENSE ./
COPY celebtool ./celebtool
RUN /opt/celebtool/bin/pip install --no-cache-dir --no-compile --no-deps . \
    && /opt/celebtool/bin/pip uninstall --yes pip
# The networks are converted for LiteRT once, here, and not in every container.
RUN CELEBTOOL_CACHE=/opt/networks /opt/celebtool/bin/python -P -c "from celebtool.inference import conversion, embeddings; \
from celebtool.inference.detection import networks; \
conversion.prepare([*networks.graphs(), embeddings.graph(0.4), embeddings.layout(0.4)])" \
    && chmod -R a+rX /opt/networks

FROM python:3.11-slim
LABEL org.opencontainers.image.title=celebtool \
      org.opencontainers.image.source=https://github.com/celebtool/celebtool \
      org.opencontainers.image.licenses="MIT AND Apache-2.0"
COPY --from=build /opt/celebtool /opt/celebtool
COPY --from=build /opt/networks /opt/networks
ENV PATH=/opt/celebtool/bin:$PATH HOME=/tmp CELEBTOOL_CACHE=/opt/networks
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["celebtool"]
CMD ["--help"]
