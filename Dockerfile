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

FROM python:3.11-slim
COPY --from=build /opt/celebtool /opt/celebtool
ENV PATH=/opt/celebtool/bin:$PATH HOME=/tmp
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["celebtool"]
CMD ["--help"]
