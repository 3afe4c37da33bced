"""What a coupon is and may do: the domain that both gateways and the workers share."""
