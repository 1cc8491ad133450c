package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopPatience is how long a child may take to end after it was asked to,
// before it is killed.
const stopPatience = 10 * time.Second

// Command describes a child process.
type Command struct {
	Name string   // what errors call it
	Path string   // the program
	Args []string // without the program
	Dir  string   // its working folder
	Env  []string // its whole environment: nothing is inherited
	Log  string   // the file that its output is appended to
	User *User    // who it runs as; nil: who we are

	// StopSignal asks it to end in order; SIGTERM when nil.
	StopSignal os.Signal
}

// Process is a running child. Its methods may be called from any goroutine.
type Process struct {
	name   string
	log    string
	signal os.Signal
	cmd    *exec.Cmd
	done   chan struct{} // closed when the child has ended
}

// StartProcess starts a child that dies when this process dies. It returns as
// soon as the child runs; use WaitReady to know that it serves.
func StartProcess(command Command) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(command.Log), 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Name, err)
	}
	log, err := os.OpenFile(command.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Name, err)
	}
	defer log.Close() // the child has its own copy of the descriptor

	// Not CommandContext: a child outlives the context that started it, until Stop.
	cmd := exec.Command(command.Path, command.Args...) //nolint:gosec,noctx // programs and arguments are ours; Stop ends it
	cmd.Dir, cmd.Env = command.Dir, command.Env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes(command.User)
	signal := command.StopSignal
	if signal == nil {
		signal = syscall.SIGTERM
	}
	process := &Process{name: command.Name, log: command.Log, signal: signal, cmd: cmd, done: make(chan struct{})}

	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the *thread* that forked
		// ends, and Go ends threads at will: keep this one until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait()
		close(process.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Name, err)
	}
	return process, nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended, for whatever reason.
func (p *Process) Done() <-chan struct{} { return p.done }

// Log is the end of what the child wrote.
func (p *Process) Log() string { return tail(p.log, 4096) }

// WaitReady calls ready until it reports true. It fails with the end of the
// log when the child ends first or ctx does.
func (p *Process) WaitReady(ctx context.Context, ready func(context.Context) bool) error {
	err := poll(ctx, func() (bool, error) {
		select {
		case <-p.done:
			return false, errors.New("it ended")
		default:
			return ready(ctx), nil
		}
	})
	if err != nil {
		return fmt.Errorf("%s did not start: %w; the end of %s:\n%s", p.name, err, p.log, p.Log())
	}
	return nil
}

// Wait waits for the child to end by itself; a status other than 0 is an error
// that carries the end of the log.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s: %w; the end of its log:\n%s", p.name, context.Cause(ctx), p.Log())
	case <-p.done:
	}
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %s; the end of its log:\n%s", p.name, p.cmd.ProcessState, p.Log())
	}
	return nil
}

// Stop asks the child to end and kills it when it has not after ten seconds.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(p.signal) // an error means that it has ended
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		p.Kill()
	}
}

// Kill ends the child and what it started at once, as kill -9 does, and waits
// until it is gone.
func (p *Process) Kill() {
	select {
	case <-p.done: // its id may be another's by now
		return
	default:
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // its group, see childAttributes
	<-p.done
}

// Run runs a command to its end.
func Run(ctx context.Context, command Command) error {
	process, err := StartProcess(command)
	if err != nil {
		return err
	}
	return process.Wait(ctx)
}

// tail is the last lines of a file, at most size bytes of them.
func tail(path string, size int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(content) > size {
		content = content[len(content)-size:]
		if _, rest, found := strings.Cut(string(content), "\n"); found {
			return rest
		}
	}
	return string(content)
}
