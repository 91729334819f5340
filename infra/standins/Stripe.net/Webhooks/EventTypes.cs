namespace Stripe;

/// <summary>The types of events about customers, subscriptions, invoices, checkout and usage.</summary>
public static class EventTypes
{
    public const string BillingAlertTriggered = "billing.alert.triggered";
    public const string BillingCreditBalanceTransactionCreated = "billing.credit_balance_transaction.created";
    public const string BillingCreditGrantCreated = "billing.credit_grant.created";
    public const string BillingCreditGrantUpdated = "billing.credit_grant.updated";
    public const string BillingMeterCreated = "billing.meter.created";
    public const string BillingMeterDeactivated = "billing.meter.deactivated";
    public const string BillingMeterReactivated = "billing.meter.reactivated";
    public const string BillingMeterUpdated = "billing.meter.updated";
    public const string CheckoutSessionAsyncPaymentFailed = "checkout.session.async_payment_failed";
    public const string CheckoutSessionAsyncPaymentSucceeded = "checkout.session.async_payment_succeeded";
    public const string CheckoutSessionCompleted = "checkout.session.completed";
    public const string CheckoutSessionExpired = "checkout.session.expired";
    public const string CustomerCreated = "customer.created";
    public const string CustomerDeleted = "customer.deleted";
    public const string CustomerSubscriptionCreated = "customer.subscription.created";
    public const string CustomerSubscriptionDeleted = "customer.subscription.deleted";
    public const string CustomerSubscriptionPaused = "customer.subscription.paused";
    public const string CustomerSubscriptionPendingUpdateApplied = "customer.subscription.pending_update_applied";
    public const string CustomerSubscriptionPendingUpdateExpired = "customer.subscription.pending_update_expired";
    public const string CustomerSubscriptionResumed = "customer.subscription.resumed";
    public const string CustomerSubscriptionTrialWillEnd = "customer.subscription.trial_will_end";
    public const string CustomerSubscriptionUpdated = "customer.subscription.updated";
    public const string CustomerUpdated = "customer.updated";
    public const string InvoiceCreated = "invoice.created";
    public const string InvoiceDeleted = "invoice.deleted";
    public const string InvoiceFinalizationFailed = "invoice.finalization_failed";
    public const string InvoiceFinalized = "invoice.finalized";
    public const string InvoiceItemCreated = "invoiceitem.created";
    public const string InvoiceItemDeleted = "invoiceitem.deleted";
    public const string InvoiceMarkedUncollectible = "invoice.marked_uncollectible";
    public const string InvoiceOverdue = "invoice.overdue";
    public const string InvoiceOverpaid = "invoice.overpaid";
    public const string InvoicePaid = "invoice.paid";
    public const string InvoicePaymentActionRequired = "invoice.payment_action_required";
    public const string InvoicePaymentAttemptRequired = "invoice.payment_attempt_required";
    public const string InvoicePaymentFailed = "invoice.payment_failed";
    public const string InvoicePaymentPaid = "invoice_payment.paid";
    public const string InvoicePaymentSucceeded = "invoice.payment_succeeded";
    public const string InvoiceSent = "invoice.sent";
    public const string InvoiceUpcoming = "invoice.upcoming";
    public const string InvoiceUpdated = "invoice.updated";
    public const string InvoiceVoided = "invoice.voided";
    public const string InvoiceWillBeDue = "invoice.will_be_due";
}
