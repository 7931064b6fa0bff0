/* Lets the n-th system call on the files of one folder go wrong.

   It is loaded before the C library (LD_PRELOAD), so it is below Python: calls of NumPy, HDF5, zipfile and of the
   library under test pass through it alike. `arm` begins to count the calls on files below a folder. Call number `at`
   goes wrong as `action` says; the others go to the C library. `logged` tells which calls there were. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { NOTHING, FAIL, LATE, SHORT, INTERRUPT, INTERRUPT_LATE, KILL, KILL_LATE, KILL_HALF };

#define CALLS 20000
#define DESCRIPTORS 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static pid_t owner;
static int armed, at, action, number, lasting, count;
static char *log_of[CALLS];

/* What is known of a descriptor below the folder. Duplicates share the record. */
struct opened {
    char path[256];
    int unsaid; /* bytes were written, and no close has said yet that they are stored */
};
static struct opened *known[DESCRIPTORS];

static const char *below(int at_folder, const char *path) {
    static __thread char whole[PATH_MAX];
    if (!path) return NULL;
    if (path[0] != '/') {
        if (at_folder == AT_FDCWD) {
            if (!getcwd(whole, sizeof whole)) return NULL;
        } else if (at_folder >= 0 && at_folder < DESCRIPTORS && known[at_folder])
            snprintf(whole, sizeof whole, "%s/%s", folder, known[at_folder]->path);
        else
            return NULL;
        size_t length = strlen(whole);
        if (strcmp(path, ".")) snprintf(whole + length, sizeof whole - length, "/%s", path);
        path = whole;
    }
    if (strncmp(path, folder, folder_length) || (path[folder_length] && path[folder_length] != '/')) return NULL;
    return path[folder_length] ? path + folder_length + 1 : ".";
}

static int is_open(int fd) { return fd >= 0 && fd < DESCRIPTORS && known[fd]; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Count a call; what is to happen to it. A kill that comes before the call happens here. */
static int reach(const char *call, const char *path, const char *mark, int is_change) {
    if (!armed || !path || getpid() != owner) return NOTHING;
    pthread_mutex_lock(&mutex);
    int mine = count++;
    if (mine < CALLS && asprintf(&log_of[mine], "%s%s %s", call, mark, path) < 0) log_of[mine] = NULL;
    int now = mine == at || (lasting && is_change && at >= 0 && mine > at) ? action : NOTHING;
    pthread_mutex_unlock(&mutex);
    if (now == KILL) die();
    if (now == INTERRUPT || now == INTERRUPT_LATE) kill(getpid(), SIGINT);
    return now;
}

static void note(int fd, const char *path) {
    if (fd < 0 || fd >= DESCRIPTORS || !path || !armed) return;
    struct opened *made = calloc(1, sizeof *made);
    snprintf(made->path, sizeof made->path, "%s", path);
    known[fd] = made; /* never freed: this process ends soon */
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static int refuse(void) {
    errno = number;
    return -1;
}

/* A call that changes nothing, or all at once. `can_wait`: a signal ends it early, before it has done anything. */
#define POINT(call, path, is_change, can_wait, expression)                        \
    ({                                                                            \
        int now_ = reach(call, path, "", is_change);                              \
        __typeof__(expression) done_;                                             \
        if (now_ == FAIL)                                                         \
            done_ = refuse();                                                     \
        else if (now_ == INTERRUPT && can_wait) {                                 \
            errno = EINTR;                                                        \
            done_ = -1;                                                           \
        } else                                                                    \
            done_ = expression;                                                   \
        if (now_ == KILL_LATE || now_ == KILL_HALF) die();                        \
        if (now_ == LATE && done_ >= 0) done_ = refuse();                         \
        done_;                                                                    \
    })

/* --- opening ----------------------------------------------------------------------------------------------------- */

#define OPENED(call, at_folder, path, flags, expression)                          \
    ({                                                                            \
        char kept_[256];                                                          \
        const char *found_ = below(at_folder, path);                              \
        if (found_) { snprintf(kept_, sizeof kept_, "%s", found_); found_ = kept_; } \
        int fd_ = POINT(call, found_, ((flags) & (O_CREAT | O_TRUNC)) != 0, 1, expression); \
        note(fd_, found_);                                                        \
        fd_;                                                                      \
    })

#define MODE(flags) ({ mode_t mode_ = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest_; va_start(rest_, flags); \
    mode_ = va_arg(rest_, mode_t); va_end(rest_); } mode_; })
#define NAMED(flags) ((flags) & O_CREAT ? "create" : "open")

int open(const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return OPENED(NAMED(flags), AT_FDCWD, path, flags, REAL(open)(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return OPENED(NAMED(flags), AT_FDCWD, path, flags, REAL(open64)(path, flags, mode));
}
int openat(int from, const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return OPENED(NAMED(flags), from, path, flags, REAL(openat)(from, path, flags, mode));
}
int openat64(int from, const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return OPENED(NAMED(flags), from, path, flags, REAL(openat64)(from, path, flags, mode));
}

DIR *opendir(const char *path) {
    const char *found = below(AT_FDCWD, path);
    int now = reach("opendir", found, "", 0);
    if (now == FAIL || now == INTERRUPT) {
        errno = now == FAIL ? number : EINTR;
        return NULL;
    }
    DIR *made = REAL(opendir)(path);
    if (made) note(dirfd(made), found);
    return made;
}
struct dirent *readdir(DIR *from) {
    int now = is_open(dirfd(from)) ? reach("readdir", known[dirfd(from)]->path, "", 0) : NOTHING;
    if (now == FAIL) {
        errno = number;
        return NULL;
    }
    return REAL(readdir)(from);
}
struct dirent64 *readdir64(DIR *from) {
    int now = is_open(dirfd(from)) ? reach("readdir", known[dirfd(from)]->path, "", 0) : NOTHING;
    if (now == FAIL) {
        errno = number;
        return NULL;
    }
    return REAL(readdir64)(from);
}
int closedir(DIR *which) {
    int fd = dirfd(which);
    if (!is_open(fd)) return REAL(closedir)(which);
    const char *path = known[fd]->path;
    known[fd] = NULL;
    int now = reach("closedir", path, "", 0), done = REAL(closedir)(which);
    if (now == KILL_LATE || now == KILL_HALF) die();
    return now == FAIL || now == LATE ? refuse() : done;
}

int dup(int fd) {
    const char *path = is_open(fd) ? known[fd]->path : NULL;
    int made = POINT("dup", path, 0, 0, REAL(dup)(fd));
    if (path && made >= 0 && made < DESCRIPTORS) known[made] = known[fd];
    return made;
}
#define FCNTL(name)                                                               \
    int name(int fd, int command, ...) {                                          \
        va_list rest;                                                             \
        va_start(rest, command);                                                  \
        void *argument = va_arg(rest, void *);                                    \
        va_end(rest);                                                             \
        int copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;            \
        const char *path = copies && is_open(fd) ? known[fd]->path : NULL;        \
        int made = POINT("dup", path, 0, 0, REAL(name)(fd, command, argument));   \
        if (path && made >= 0 && made < DESCRIPTORS) known[made] = known[fd];     \
        return made;                                                              \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

/* A file is closed even if an error is reported. */
int close(int fd) {
    if (!is_open(fd)) return REAL(close)(fd);
    struct opened *which = known[fd];
    known[fd] = NULL;
    int now = reach("close", which->path, which->unsaid ? "-written" : "", 0), done = REAL(close)(fd);
    if (now == KILL_LATE || now == KILL_HALF) die();
    if (now == FAIL || now == LATE) return refuse();
    if (!done) which->unsaid = 0;
    return done;
}

/* --- bytes ------------------------------------------------------------------------------------------------------- */

#define PATH_OF(fd) (is_open(fd) ? known[fd]->path : NULL)

#define WRITTEN(call, fd, size, whole, half)                                      \
    ({                                                                            \
        int now_ = reach(call, PATH_OF(fd), "", 1);                               \
        ssize_t done_;                                                            \
        if (is_open(fd)) known[fd]->unsaid = 1;                                   \
        if (now_ == FAIL)                                                         \
            done_ = refuse();                                                     \
        else if (now_ == INTERRUPT) {                                             \
            errno = EINTR;                                                        \
            done_ = -1;                                                           \
        } else if ((now_ == SHORT || now_ == KILL_HALF || now_ == LATE) && (size) > 1) \
            done_ = half;                                                         \
        else                                                                      \
            done_ = whole;                                                        \
        if (now_ == KILL_LATE || now_ == KILL_HALF) die();                        \
        if (now_ == LATE) done_ = refuse();                                       \
        done_;                                                                    \
    })

ssize_t write(int fd, const void *data, size_t size) {
    return WRITTEN("write", fd, size, REAL(write)(fd, data, size), REAL(write)(fd, data, size / 2));
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
    return WRITTEN("write", fd, size, REAL(pwrite)(fd, data, size, place), REAL(pwrite)(fd, data, size / 2, place));
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
    return WRITTEN("write", fd, size, REAL(pwrite64)(fd, data, size, place), REAL(pwrite64)(fd, data, size / 2, place));
}
ssize_t writev(int fd, const struct iovec *parts, int many) {
    return WRITTEN("write", fd, many, REAL(writev)(fd, parts, many), REAL(writev)(fd, parts, many / 2));
}
ssize_t pwritev(int fd, const struct iovec *parts, int many, off_t place) {
    return WRITTEN("write", fd, many, REAL(pwritev)(fd, parts, many, place), REAL(pwritev)(fd, parts, many / 2, place));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int many, off64_t place) {
    return WRITTEN("write", fd, many, REAL(pwritev64)(fd, parts, many, place), REAL(pwritev64)(fd, parts, many / 2, place));
}

#define READ(fd, size, whole, half)                                               \
    ({                                                                            \
        int now_ = reach("read", PATH_OF(fd), "", 0);                             \
        ssize_t done_;                                                            \
        if (now_ == FAIL || now_ == LATE)                                         \
            done_ = refuse();                                                     \
        else if (now_ == INTERRUPT) {                                             \
            errno = EINTR;                                                        \
            done_ = -1;                                                           \
        } else if (now_ == SHORT && (size) > 1)                                   \
            done_ = half;                                                         \
        else                                                                      \
            done_ = whole;                                                        \
        if (now_ == KILL_LATE || now_ == KILL_HALF) die();                        \
        done_;                                                                    \
    })

ssize_t read(int fd, void *data, size_t size) {
    return READ(fd, size, REAL(read)(fd, data, size), REAL(read)(fd, data, size / 2));
}
ssize_t pread(int fd, void *data, size_t size, off_t place) {
    return READ(fd, size, REAL(pread)(fd, data, size, place), REAL(pread)(fd, data, size / 2, place));
}
ssize_t pread64(int fd, void *data, size_t size, off64_t place) {
    return READ(fd, size, REAL(pread64)(fd, data, size, place), REAL(pread64)(fd, data, size / 2, place));
}
static struct iovec halved(const struct iovec *parts) {
    struct iovec first = *parts;
    first.iov_len = first.iov_len > 1 ? first.iov_len / 2 : first.iov_len;
    return first;
}
ssize_t readv(int fd, const struct iovec *parts, int many) {
    struct iovec first = halved(parts);
    return READ(fd, 2, REAL(readv)(fd, parts, many), REAL(readv)(fd, &first, 1));
}
ssize_t preadv(int fd, const struct iovec *parts, int many, off_t place) {
    struct iovec first = halved(parts);
    return READ(fd, 2, REAL(preadv)(fd, parts, many, place), REAL(preadv)(fd, &first, 1, place));
}
ssize_t preadv64(int fd, const struct iovec *parts, int many, off64_t place) {
    struct iovec first = halved(parts);
    return READ(fd, 2, REAL(preadv64)(fd, parts, many, place), REAL(preadv64)(fd, &first, 1, place));
}
ssize_t preadv2(int fd, const struct iovec *parts, int many, off_t place, int flags) {
    struct iovec first = halved(parts);
    return READ(fd, 2, REAL(preadv2)(fd, parts, many, place, flags), REAL(preadv2)(fd, &first, 1, place, flags));
}
ssize_t preadv64v2(int fd, const struct iovec *parts, int many, off64_t place, int flags) {
    struct iovec first = halved(parts);
    return READ(fd, 2, REAL(preadv64v2)(fd, parts, many, place, flags), REAL(preadv64v2)(fd, &first, 1, place, flags));
}
#define PWRITEV2(name, offset)                                                    \
    ssize_t name(int fd, const struct iovec *parts, int many, offset place, int flags) { \
        struct iovec first = halved(parts);                                       \
        return WRITTEN("write", fd, 2, REAL(name)(fd, parts, many, place, flags), \
                       REAL(name)(fd, &first, 1, place, flags));                  \
    }
PWRITEV2(pwritev2, off_t)
PWRITEV2(pwritev64v2, off64_t)

/* These two return the error instead of setting it. */
#define ALLOCATED(name, offset)                                                   \
    int name(int fd, offset place, offset size) {                                 \
        int now = reach("fallocate", PATH_OF(fd), "", 1);                         \
        if (now == FAIL) return number;                                           \
        if (now == INTERRUPT) return EINTR;                                       \
        int done = REAL(name)(fd, place, now == KILL_HALF || now == LATE ? size / 2 + 1 : size); \
        if (now == KILL_LATE || now == KILL_HALF) die();                          \
        return now == LATE ? number : done;                                       \
    }
ALLOCATED(posix_fallocate, off_t)
ALLOCATED(posix_fallocate64, off64_t)
int fallocate(int fd, int mode, off_t place, off_t size) {
    return POINT("fallocate", PATH_OF(fd), 1, 1, REAL(fallocate)(fd, mode, place, size));
}
int fallocate64(int fd, int mode, off64_t place, off64_t size) {
    return POINT("fallocate", PATH_OF(fd), 1, 1, REAL(fallocate64)(fd, mode, place, size));
}
int ftruncate(int fd, off_t size) { return POINT("truncate", PATH_OF(fd), 1, 1, REAL(ftruncate)(fd, size)); }
int ftruncate64(int fd, off64_t size) { return POINT("truncate", PATH_OF(fd), 1, 1, REAL(ftruncate64)(fd, size)); }
int truncate(const char *path, off_t size) {
    return POINT("truncate", below(AT_FDCWD, path), 1, 1, REAL(truncate)(path, size));
}
int truncate64(const char *path, off64_t size) {
    return POINT("truncate", below(AT_FDCWD, path), 1, 1, REAL(truncate64)(path, size));
}
int fsync(int fd) { return POINT("fsync", PATH_OF(fd), 1, 1, REAL(fsync)(fd)); }
int fdatasync(int fd) { return POINT("fsync", PATH_OF(fd), 1, 1, REAL(fdatasync)(fd)); }
int flock(int fd, int how) { return POINT("flock", PATH_OF(fd), 0, 1, REAL(flock)(fd, how)); }
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    return POINT("write", PATH_OF(out), 1, 1, REAL(copy_file_range)(in, from, out, to, size, flags));
}
ssize_t sendfile(int out, int in, off_t *from, size_t size) {
    return POINT("write", PATH_OF(out), 1, 1, REAL(sendfile)(out, in, from, size));
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t size) {
    return POINT("write", PATH_OF(out), 1, 1, REAL(sendfile64)(out, in, from, size));
}
#define MAPPED(name, offset)                                                      \
    void *name(void *where, size_t size, int how, int flags, int fd, offset place) { \
        if (is_open(fd) && reach("mmap", PATH_OF(fd), "", 0) == FAIL) {           \
            errno = number;                                                       \
            return MAP_FAILED;                                                    \
        }                                                                         \
        return REAL(name)(where, size, how, flags, fd, place);                    \
    }
MAPPED(mmap, off_t)
MAPPED(mmap64, off64_t)

/* --- names ------------------------------------------------------------------------------------------------------- */

#define PAIR(a, b) ({ const char *found_ = (b); found_ ? found_ : (a); })

int rename(const char *old, const char *new) {
    return POINT("rename", PAIR(below(AT_FDCWD, old), below(AT_FDCWD, new)), 1, 0, REAL(rename)(old, new));
}
int renameat(int from, const char *old, int to, const char *new) {
    return POINT("rename", PAIR(below(from, old), below(to, new)), 1, 0, REAL(renameat)(from, old, to, new));
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    return POINT("rename", PAIR(below(from, old), below(to, new)), 1, 0, REAL(renameat2)(from, old, to, new, flags));
}
int link(const char *old, const char *new) {
    return POINT("link", below(AT_FDCWD, new), 1, 0, REAL(link)(old, new));
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
    return POINT("link", below(to, new), 1, 0, REAL(linkat)(from, old, to, new, flags));
}
int symlink(const char *to, const char *path) {
    return POINT("symlink", below(AT_FDCWD, path), 1, 0, REAL(symlink)(to, path));
}
int symlinkat(const char *to, int from, const char *path) {
    return POINT("symlink", below(from, path), 1, 0, REAL(symlinkat)(to, from, path));
}
int unlink(const char *path) { return POINT("unlink", below(AT_FDCWD, path), 1, 0, REAL(unlink)(path)); }
int unlinkat(int from, const char *path, int flags) {
    return POINT(flags & AT_REMOVEDIR ? "rmdir" : "unlink", below(from, path), 1, 0, REAL(unlinkat)(from, path, flags));
}
int remove(const char *path) { return POINT("unlink", below(AT_FDCWD, path), 1, 0, REAL(remove)(path)); }
int mkdir(const char *path, mode_t mode) {
    return POINT("mkdir", below(AT_FDCWD, path), 1, 0, REAL(mkdir)(path, mode));
}
int mkdirat(int from, const char *path, mode_t mode) {
    return POINT("mkdir", below(from, path), 1, 0, REAL(mkdirat)(from, path, mode));
}
int rmdir(const char *path) { return POINT("rmdir", below(AT_FDCWD, path), 1, 0, REAL(rmdir)(path)); }
int chmod(const char *path, mode_t mode) {
    return POINT("chmod", below(AT_FDCWD, path), 1, 0, REAL(chmod)(path, mode));
}
int fchmod(int fd, mode_t mode) { return POINT("chmod", PATH_OF(fd), 1, 0, REAL(fchmod)(fd, mode)); }
int fchmodat(int from, const char *path, mode_t mode, int flags) {
    return POINT("chmod", below(from, path), 1, 0, REAL(fchmodat)(from, path, mode, flags));
}

/* --- questions --------------------------------------------------------------------------------------------------- */

#define ASK(name, type)                                                           \
    int name(const char *path, type *found) {                                     \
        return POINT("stat", below(AT_FDCWD, path), 0, 0, REAL(name)(path, found)); \
    }
#define ASK_OPEN(name, type)                                                      \
    int name(int fd, type *found) { return POINT("fstat", PATH_OF(fd), 0, 0, REAL(name)(fd, found)); }
#define ASK_AT(name, type)                                                        \
    int name(int from, const char *path, type *found, int flags) {                \
        const char *which = path && *path ? below(from, path) : PATH_OF(from);    \
        return POINT("stat", which, 0, 0, REAL(name)(from, path, found, flags));  \
    }
ASK(stat, struct stat)
ASK(stat64, struct stat64)
ASK(lstat, struct stat)
ASK(lstat64, struct stat64)
ASK_OPEN(fstat, struct stat)
ASK_OPEN(fstat64, struct stat64)
ASK_AT(fstatat, struct stat)
ASK_AT(fstatat64, struct stat64)
int statx(int from, const char *path, int flags, unsigned mask, struct statx *found) {
    const char *which = path && *path ? below(from, path) : PATH_OF(from);
    return POINT("stat", which, 0, 0, REAL(statx)(from, path, flags, mask, found));
}
int access(const char *path, int mode) {
    return POINT("access", below(AT_FDCWD, path), 0, 0, REAL(access)(path, mode));
}
int faccessat(int from, const char *path, int mode, int flags) {
    return POINT("access", below(from, path), 0, 0, REAL(faccessat)(from, path, mode, flags));
}
ssize_t readlink(const char *path, char *found, size_t size) {
    return POINT("readlink", below(AT_FDCWD, path), 0, 0, REAL(readlink)(path, found, size));
}
ssize_t readlinkat(int from, const char *path, char *found, size_t size) {
    return POINT("readlink", below(from, path), 0, 0, REAL(readlinkat)(from, path, found, size));
}

/* --- for the test ------------------------------------------------------------------------------------------------ */

/* Begin to count the calls on files below `where`; with `stays`, calls after number `at` that change something go wrong
   in the same way. */
void arm(const char *where, int n, int what, int error, int stays) {
    snprintf(folder, sizeof folder, "%s", where);
    folder_length = strlen(folder);
    memset(known, 0, sizeof known);
    owner = getpid();
    count = 0;
    at = n;
    action = what;
    number = error;
    lasting = stays;
    armed = 1;
}

void disarm(void) { armed = 0; }

int counted(void) { return count; }

const char *logged(int n) { return n >= 0 && n < count && n < CALLS && log_of[n] ? log_of[n] : ""; }
