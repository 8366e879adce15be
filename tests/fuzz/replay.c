/* SPDX-License-Identifier: MIT */
/*
 * Stands in for libFuzzer where only known inputs are to be tried: runs the fuzz target it is
 * linked with over every file of the directories named on the command line. Fails when there is
 * none.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

/* 1 when it was run, 0 when it is no file, -1 when it cannot be read. */
static int run_file(const char *path)
{
	struct stat status;
	uint8_t *octets;
	size_t size;
	FILE *file;

	if (stat(path, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode))
		return 0;
	octets = malloc((size_t)status.st_size + 1);
	file = fopen(path, "re");
	if (!octets || !file)
		return -1;
	size = fread(octets, 1, (size_t)status.st_size, file);
	fclose(file);
	LLVMFuzzerTestOneInput(octets, size);
	free(octets);
	return 1;
}

static int run_directory(const char *name)
{
	DIR *directory = opendir(name);
	const struct dirent *entry;
	int count = 0;

	if (!directory)
		return -1;
	while ((entry = readdir(directory))) {
		char path[4096];
		int r;

		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		r = run_file(path);
		if (r < 0) {
			perror(path);
			count = -1;
			break;
		}
		count += r;
	}
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int count = run_directory(argv[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: no input could be read\n", argv[i]);
			return 1;
		}
		printf("%s: %d inputs\n", argv[i], count);
	}
	return argc < 2;
}
