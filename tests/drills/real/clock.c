/* The clock of one process: every reading of the time of day is off by the seconds in the file $NUN_DBS_DIR.clock. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = syscall(SYS_clock_gettime, clock, now);
    const char *directory = getenv("NUN_DBS_DIR");
    char name[4096], text[32] = "";
    if (clock != CLOCK_REALTIME || directory == NULL)
        return result;
    snprintf(name, sizeof name, "%s.clock", directory);
    int file = open(name, O_RDONLY);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) > 0)
            now->tv_sec += atol(text);
        close(file);
    }
    return result;
}
