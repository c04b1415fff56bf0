/*
 * A process with one mapping, of which it keeps touching the first part, page by page. In C, and
 * linked statically, because the address space of Node is so full of holes that DAMON, which takes a
 * process as three regions, finds nothing in it within seconds.
 *
 * Usage: workload MIB HOT_PERCENT MEMORY, where MEMORY is how the mapping is backed:
 *   small    anonymous, never huge pages
 *   default  anonymous, as the system has it
 *   huge     anonymous, huge pages wanted
 *   a path   that file, shared; made if need be
 * Prints start, end, and end of the touched part, once all memory is there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page_bytes = 4096, huge_bytes = 2 << 20, pause_us = 2000, life_seconds = 240 };

static void touch(volatile char *memory, size_t bytes)
{
	for (size_t offset = 0; offset < bytes; offset += page_bytes)
		memory[offset]++;
}

static char *map_file(const char *path, size_t bytes)
{
	int file = open(path, O_RDWR | O_CREAT, 0600);

	if (file < 0 || ftruncate(file, bytes) < 0)
		return MAP_FAILED;
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
}

/* Begins where a huge page can. */
static char *map_anonymous(size_t bytes)
{
	char *memory = mmap(NULL, bytes + huge_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t skipped = -(size_t)memory % huge_bytes;

	if (memory == MAP_FAILED)
		return memory;
	munmap(memory, skipped);
	munmap(memory + skipped + bytes, huge_bytes - skipped);
	return memory + skipped;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: workload MIB HOT_PERCENT MEMORY\n");
		return 2;
	}
	size_t bytes = strtoul(argv[1], NULL, 10) << 20;
	size_t hot_bytes = bytes * strtoul(argv[2], NULL, 10) / 100 & -(size_t)page_bytes;
	const char *kind = argv[3];
	char *memory = strchr(kind, '/') ? map_file(kind, bytes) : map_anonymous(bytes);

	if (memory == MAP_FAILED) {
		perror("workload: mmap");
		return 1;
	}
	/* Whoever forgets it: it ends by itself. */
	alarm(life_seconds);
	/* Of a huge page, nobody could tell which part is touched. */
	if (!strcmp(kind, "small"))
		madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (!strcmp(kind, "huge"))
		madvise(memory, bytes, MADV_HUGEPAGE);
	touch(memory, bytes);
	printf("%zu %zu %zu\n", (size_t)memory, (size_t)memory + bytes,
	       (size_t)memory + hot_bytes);
	fflush(stdout);
	for (;;) {
		touch(memory, hot_bytes);
		usleep(hot_bytes ? pause_us : 1000000);
	}
}
