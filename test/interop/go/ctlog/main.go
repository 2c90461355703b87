// ctlog is the submission end of a certificate transparency log: it signs the timestamps that a CA asks for and
// keeps no tree. The timestamps are real ones (RFC 6962, section 3.2), under a key made at start.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	stdx509 "crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	"github.com/google/certificate-transparency-go/x509"
)

const maxBody = 1 << 20

type signer struct {
	key *ecdsa.PrivateKey
	id  [sha256.Size]byte
}

func newSigner(publicKeyFile string) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spki, err := stdx509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	if err := os.WriteFile(publicKeyFile, block, 0o644); err != nil {
		return nil, err
	}
	return &signer{key: key, id: sha256.Sum256(spki)}, nil
}

func parseChain(r *http.Request) ([]*x509.Certificate, error) {
	var submission ct.AddChainRequest
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody)).Decode(&submission); err != nil {
		return nil, err
	}
	if len(submission.Chain) == 0 {
		return nil, errors.New("empty chain")
	}
	chain := make([]*x509.Certificate, 0, len(submission.Chain))
	for _, der := range submission.Chain {
		certificate, err := x509.ParseCertificate(der)
		if x509.IsFatal(err) {
			return nil, err
		}
		chain = append(chain, certificate)
	}
	return chain, nil
}

func (s *signer) sign(chain []*x509.Certificate, entry ct.LogEntryType) (*ct.AddChainResponse, error) {
	timestamp := uint64(time.Now().UnixMilli())
	leaf, err := ct.MerkleTreeLeafFromChain(chain, entry, timestamp)
	if err != nil {
		return nil, err
	}
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, Timestamp: timestamp}
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: *leaf})
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(input)
	signature, err := s.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	signed, err := tls.Marshal(ct.DigitallySigned{
		Algorithm: tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA},
		Signature: signature,
	})
	if err != nil {
		return nil, err
	}
	return &ct.AddChainResponse{SCTVersion: ct.V1, ID: s.id[:], Timestamp: timestamp, Signature: signed}, nil
}

func (s *signer) handle(entry ct.LogEntryType) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		chain, err := parseChain(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := s.sign(chain, entry)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			log.Print(err)
		}
	}
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	publicKey := flag.String("public-key", "", "file that receives the log's public key")
	flag.Parse()
	log.SetFlags(0)
	if *publicKey == "" {
		log.Fatal("-public-key is required")
	}
	s, err := newSigner(*publicKey)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /log/ct/v1/add-chain", s.handle(ct.X509LogEntryType))
	http.HandleFunc("POST /log/ct/v1/add-pre-chain", s.handle(ct.PrecertLogEntryType))
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(http.ListenAndServe(*address, nil))
}
