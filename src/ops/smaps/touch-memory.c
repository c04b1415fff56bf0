/*
 * A process for tests: it maps memory of known sizes and touches exactly the pages that it is told to,
 * one command a line on its standard input. It ends with its input, or after a minute.
 *
 *	touch-memory FILE
 *
 * FILE is mapped privately as mapping 0. Then come anonymous mappings: 1 and 2, which are filled, and
 * 3, a huge page. Each lies between guard pages, so that no two become one. The addresses and sizes go
 * to standard output.
 *
 *	w MAPPING FIRST COUNT	write one byte to each of COUNT pages
 *	r MAPPING FIRST COUNT	read one byte of each
 *	f			start a child, which waits for the same end; prints its pid
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1UL << 20)
#define PAGE 4096UL

static const size_t sizes[] = { 0, 64 * MIB, 24 * MIB, 2 * MIB };
#define NR_MAPPINGS (sizeof(sizes) / sizeof(sizes[0]))

static volatile char *mappings[NR_MAPPINGS];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Room for `size` bytes at a huge page's boundary, with nothing mapped beside it. */
static char *reserve(size_t size)
{
	char *room = mmap(NULL, size + 6 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		fail("mmap");
	return (char *)(((unsigned long)room + 4 * MIB) & ~(2 * MIB - 1));
}

static void map(int index, int fd, size_t size)
{
	int flags = MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *at = mmap(reserve(size), size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	madvise(at, size, size == 2 * MIB ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (fd < 0)
		memset(at, 1, size);
	else
		madvise(at, size, MADV_POPULATE_READ);
	mappings[index] = at;
	printf("%lu %zu\n", (unsigned long)at, size);
}

/*
 * Makes the processor forget all translations: where it has one at hand, a touch does not set the
 * referenced bit anew. Taking rights from more pages than it would forget one by one does that.
 */
static void forget_translations(void)
{
	static char *scratch;
	const size_t size = MIB;

	if (scratch == NULL) {
		scratch = reserve(size);
		scratch = mmap(scratch, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
		if (scratch == MAP_FAILED)
			fail("mmap");
		madvise(scratch, size, MADV_NOHUGEPAGE);
		memset(scratch, 1, size);
	}
	if (mprotect(scratch, size, PROT_NONE) || mprotect(scratch, size, PROT_READ | PROT_WRITE))
		fail("mprotect");
}

int main(int argc, char **argv)
{
	char line[128];
	struct stat file;
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0 || fstat(fd, &file) != 0)
		fail("file");
	alarm(60);
	map(0, fd, file.st_size);
	for (size_t index = 1; index < NR_MAPPINGS; index++)
		map(index, -1, sizes[index]);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		char command;
		unsigned int index;
		unsigned long first, count;

		if (line[0] == 'f') {
			int pid = fork();

			if (pid == 0) {
				alarm(60);
				pause();
			}
			printf("%d\n", pid);
		} else if (sscanf(line, "%c %u %lu %lu", &command, &index, &first, &count) == 4 &&
			   index < NR_MAPPINGS) {
			volatile char *at = mappings[index] + first * PAGE;

			forget_translations();
			for (unsigned long page = 0; page < count; page++, at += PAGE) {
				if (command == 'w')
					*at = 2;
				else
					(void)*at;
			}
			puts("done");
		}
		fflush(stdout);
	}
	return 0;
}
