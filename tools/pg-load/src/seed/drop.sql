-- What tables.sql and manifest.sql make. Whatever else lies in the schema stays.

DROP TABLE IF EXISTS
    shop.events, shop.reviews, shop.deliveries, shop.tours, shop.payments, shop.order_items, shop.orders, shop.inventory,
    shop.products, shop.addresses, shop.customers, shop.couriers, shop.hubs, shop.suppliers, shop.categories,
    shop.seed_manifest, shop.seed_run CASCADE;
DROP SEQUENCE IF EXISTS
    shop.customer_ids, shop.address_ids, shop.order_ids, shop.review_ids, shop.event_ids CASCADE;
DROP TYPE IF EXISTS
    shop.order_status, shop.sales_channel, shop.payment_method, shop.payment_status, shop.delivery_status, shop.vehicle,
    shop.event_kind CASCADE;
