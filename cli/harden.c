/*
 * Hardening. envscope reads what strangers have sent, sometimes begun by root, and keeps secrets in memory (keys of TLS, tokens, passwords).
 *
 * The filter of system calls is a list of what is refused, with EPERM, and not of what is allowed: name resolution, TLS and capturing are libraries'
 * work whose calls differ by version. What it takes from an attacker is the way on: to run a program, to look into other processes, to load
 * code into the kernel.
 */
#include "cli/harden.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef ENVSCOPE_SANITIZED
enum { SANITIZED = 1 }; /* the leak sanitizer looks into the process as a debugger does */
#else
enum { SANITIZED = 0 };
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE
#define REFUSE(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1) /* EPERM */

static bool filter_calls(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the numbers of x32, another way to the same calls */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		REFUSE(execve),
		REFUSE(execveat),
		REFUSE(process_vm_readv),
		REFUSE(process_vm_writev),
		REFUSE(mount),
		REFUSE(umount2),
		REFUSE(pivot_root),
		REFUSE(chroot),
		REFUSE(setns),
		REFUSE(unshare),
		REFUSE(open_by_handle_at),
		REFUSE(init_module),
		REFUSE(finit_module),
		REFUSE(delete_module),
		REFUSE(kexec_load),
		REFUSE(bpf),
		REFUSE(perf_event_open),
		REFUSE(userfaultfd),
		REFUSE(add_key),
		REFUSE(request_key),
		REFUSE(keyctl),
		REFUSE(swapon),
		REFUSE(swapoff),
		REFUSE(reboot),
		REFUSE(acct),
		REFUSE(quotactl),
		REFUSE(personality),
		REFUSE(settimeofday),
		REFUSE(clock_settime),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SANITIZED ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof code / sizeof *code, .filter = code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#else
static bool filter_calls(void)
{
	return false;
}
#endif

/* A standard descriptor that was closed is taken, so that no file that is opened later gets its number, and with it what is printed. What is
 * written to it fails, as to a closed one. */
static bool take_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd > STDERR_FILENO && close(fd) == 0;
}

bool harden(void)
{
	const struct rlimit none = { 0, 0 };
	bool taken = take_standard_descriptors();
	umask(S_IRWXG | S_IRWXO);
	bool no_core = setrlimit(RLIMIT_CORE, &none) == 0;
	bool unseen = SANITIZED || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
	bool no_more = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	return filter_calls() && no_core && unseen && no_more && taken;
}
