using System.Globalization;
using System.Text;
using Metering.Kernel.Grpc;

namespace Metering.BillingSync.Ops;

/// <summary>Where a page begins: at what is listed under a key, such as a user, by its number there.</summary>
internal readonly record struct Place(string Key, int Index)
{
    public static Place Parse(string token)
    {
        if (token.Length == 0) return new("", 0);
        try
        {
            var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
            return new(parts[1], int.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture));
        }
        catch (Exception malformed) when (malformed is FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw RpcErrors.Invalid("page_token", "empty, or next_page_token of the page before", "it is not one");
        }
    }

    public override string ToString() =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Index}\n{Key}")));
}
