package stack_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/e2e/stack"
)

// TestMain lets the test binary play the parent that is killed.
func TestMain(m *testing.M) {
	if log := os.Getenv("STACK_TEST_PARENT"); log != "" {
		process, err := stack.StartProcess(stack.Command{Name: "child", Path: "/bin/sleep", Args: []string{"600"}, Log: log})
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(strconv.Itoa(process.PID()) + "\n")
		<-process.Done()
		return
	}
	os.Exit(m.Run())
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.CommandContext(t.Context(), self)
	parent.Env = []string{"STACK_TEST_PARENT=" + filepath.Join(t.TempDir(), "log")}
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	patience := time.After(10 * time.Second)
	for alive(child) {
		select {
		case <-patience:
			_ = syscall.Kill(child, syscall.SIGKILL)
			t.Fatal("the child outlived its parent")
		case <-ticker.C:
		}
	}
}

// alive reports whether a process runs; one that is dead but not yet reaped by
// its adoptive parent does not.
func alive(pid int) bool {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(status), ") Z ")
}

func TestStartErrorCarriesTheLog(t *testing.T) {
	t.Parallel()
	process, err := stack.StartProcess(stack.Command{
		Name: "broken", Path: "/bin/sh", Args: []string{"-c", "echo port is taken >&2; exit 3"}, Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = process.WaitReady(t.Context(), func(context.Context) bool { return false })
	if err == nil || !strings.Contains(err.Error(), "port is taken") {
		t.Errorf("got %v, want the end of the log", err)
	}
	if err := process.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want the exit status", err)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	log := filepath.Join(t.TempDir(), "log")
	process, err := stack.StartProcess(stack.Command{
		Name: "stubborn", Path: "/bin/sh", Args: []string{"-c", "trap '' TERM; echo ready; while :; do read x; done"}, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	err = process.WaitReady(t.Context(), func(context.Context) bool { return strings.Contains(process.Log(), "ready") })
	if err != nil {
		t.Fatal(err)
	}
	process.Stop()
	select {
	case <-process.Done():
	default:
		t.Error("it still runs after Stop")
	}
	process.Stop() // twice is fine
}
