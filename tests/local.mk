# What tests adds to the build: nothing but its files; unit tests and fuzz targets stand with what they test.
EXTRA_DIST += \
	tests/bare \
	tests/conftest.py \
	tests/deps \
	tests/fixtures/real_server \
	tests/fixtures/vrrp_requirements \
	tests/lint \
	tests/net \
	tests/pytest.ini \
	tests/run \
	tests/stages.py \
	tests/vm

dist-hook:
	rm -rf $(distdir)/tests/__pycache__ $(distdir)/tests/*/__pycache__
