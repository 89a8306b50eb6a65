"""A certificate made for a test: an authority of its own, and what it signed for this machine."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """Where the certificate, its key and the authority's certificate lie, as PEM."""

    certificate: Path
    key: Path
    authority: Path

    @classmethod
    def made(cls, folder: Path, host: str = "127.0.0.1") -> Tls:
        """Make them; the certificate is for an address, and good for a day."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        def name(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        def signed(subject: str, public: ec.EllipticCurvePublicKey, *more: x509.ExtensionType) -> x509.Certificate:
            now = datetime.now(UTC)
            made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("test authority"))
            made = made.public_key(public).serial_number(x509.random_serial_number())
            made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
            for extension in more:
                made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            return made.sign(authority, hashes.SHA256())

        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = signed(
            "test authority",
            authority.public_key(),
            x509.BasicConstraints(ca=True, path_length=None),
            x509.SubjectKeyIdentifier.from_public_key(authority.public_key()),
        )
        leaf = signed(
            host,
            own.public_key(),
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
        )
        files = cls(folder / "server.pem", folder / "server.key", folder / "authority.pem")
        files.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        files.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        private = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.key.write_bytes(private)
        files.key.chmod(0o600)
        return files

    def context(self) -> ssl.SSLContext:
        """What a server listens with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context
