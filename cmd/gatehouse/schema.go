package main

import (
	"context"
	"log/slog"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/provider/claims"
	"gatehouse/storage/directus"
)

// watchFields says at the start which claims are made of fields that Directus does not
// show. Nothing waits for it, and nothing ends for it.
func watchFields(ctx context.Context, client *directus.Client, paths []claims.Path, logger *slog.Logger) {
	problems, err := client.CheckFields(ctx)
	if err != nil {
		if ctx.Err() == nil {
			logger.WarnContext(ctx, "the fields of claims could not be held against Directus", slog.Any("error", err))
		}
		return
	}
	for _, problem := range problems {
		for _, path := range paths {
			if path.Field != problem.Field {
				continue
			}
			detail, remedy := doctor.FieldProblem(problem)
			logger.ErrorContext(ctx, "a claim is made of a field that Directus does not show",
				slog.String("claim", path.Claim), slog.String("field", path.Field), slog.String("problem", detail), slog.String("remedy", remedy))
		}
	}
}
