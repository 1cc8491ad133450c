package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrQuiet is the margin, in modules, that readers need around a QR code
// (ISO/IEC 18004, section 6.3.8). It is white like the code's own ground: on a
// dark page there would be none otherwise.
const qrQuiet = 4

// qrCode is a QR code as a picture of a template: our policy lets in no picture
// that stands in an address (data:), and this one must be kept nowhere.
type qrCode struct {
	// Size is the side in modules, margin included.
	Size int
	// Path draws the dark modules, row by row.
	Path string
}

// newQRCode draws a text. The level M mends 15 % and is what authenticator apps
// are commonly shown.
func newQRCode(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrCode{}, fmt.Errorf("draw QR code: %w", err)
	}
	side := code.Bounds().Dx()
	dark := func(x, y int) bool {
		if x >= side {
			return false
		}
		luminance, _, _, _ := code.At(x, y).RGBA()
		return luminance == 0
	}
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			start := x
			for dark(x, y) {
				x++
			}
			if length := strconv.Itoa(x - start); x > start {
				path.WriteString("M" + strconv.Itoa(start+qrQuiet) + " " + strconv.Itoa(y+qrQuiet) + "h" + length + "v1h-" + length + "z")
			}
		}
	}
	return qrCode{Size: side + 2*qrQuiet, Path: path.String()}, nil
}
