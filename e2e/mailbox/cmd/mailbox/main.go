// Command mailbox receives mail and shows it on a page until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"gatehouse/e2e/mailbox"
)

func main() {
	var config mailbox.Config
	flag.StringVar(&config.SMTPAddr, "smtp", "127.0.0.1:2525", "address to receive mail on")
	flag.StringVar(&config.HTTPAddr, "http", "127.0.0.1:8025", "address to show mail on")
	flag.Parse()
	if err := run(config); err != nil {
		fmt.Fprintln(os.Stderr, "mailbox:", err)
		os.Exit(1)
	}
}

func run(config mailbox.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	box, err := mailbox.Start(ctx, config)
	if err != nil {
		return err
	}
	defer box.Stop()
	fmt.Println("Send mail to", box.SMTPAddr, "and read it at", box.URL)
	<-ctx.Done()
	return nil
}
