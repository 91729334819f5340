using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.ReadModels;

/// <summary>
/// A user who has, had or would have something on a Stripe meter under a customer: who shares that book. It is never taken out again;
/// whether there is something is in the user's stream.
/// </summary>
/// <param name="Id">The book and the user.</param>
/// <param name="Book">Customer and Stripe meter; a user without a customer is alone.</param>
/// <param name="Customer">None: unlinked.</param>
public sealed record BookMember(string Id, string Book, string User, string? Customer, string StripeMeter) : IDocument
{
    /// <summary>In the order of books, then users: first those who are alone, then customers, each with its Stripe meters.</summary>
    public static readonly DocumentIndex<BookMember> ByBook = new(member => member.Id);

    /// <summary>In the order of users, then books.</summary>
    public static readonly DocumentIndex<BookMember> ByUser = new(member => member.OfUser);

    public string OfUser => $"{User} {Book}";

    public static BookMember New(string user, string? customer, string stripeMeter)
    {
        var book = $"{(customer is null ? $"0{user}" : $"1{customer}")}\n{stripeMeter}";
        return new($"{book}\n{user}", book, user, customer, stripeMeter);
    }

    /// <summary>All of a user.</summary>
    public static KeyRange Of(string user) => KeyRange.Prefix($"{user} ");

    /// <summary>All of a book.</summary>
    public static KeyRange In(string book) => KeyRange.Prefix($"{book}\n");
}
