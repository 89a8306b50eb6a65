"""hub connects CRM, ERP, finance, bank and mail, and keeps one true picture of what they hold."""

__version__ = "0.1.0"
