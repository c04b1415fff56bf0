/*
 * A process with one mapping, of which it keeps touching the first quarter, page by page. In C, and
 * linked statically, because the address space of Node is so full of holes that DAMON, which takes a
 * process as three regions, finds nothing in it within seconds.
 *
 * Usage: workload MIB. Prints start, end, and end of the touched quarter, once all memory is there.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page_bytes = 4096, pause_us = 2000, life_seconds = 90 };

static void touch(volatile char *memory, size_t bytes)
{
	for (size_t offset = 0; offset < bytes; offset += page_bytes)
		memory[offset]++;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("workload: mmap");
		return 1;
	}
	/* Whoever forgets it: it ends by itself. */
	alarm(life_seconds);
	/* Of a huge page, nobody could tell which part is touched. */
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	touch(memory, bytes);
	printf("%zu %zu %zu\n", (size_t)memory, (size_t)memory + bytes, (size_t)memory + bytes / 4);
	fflush(stdout);
	for (;;) {
		touch(memory, bytes / 4);
		usleep(pause_us);
	}
}
